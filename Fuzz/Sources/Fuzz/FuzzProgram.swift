// Feeds parsers with mutated files, guided by coverage (libFuzzer) and watched by the address sanitizer.
//
//     Fuzz --target NAME [--seconds 600] [--seed 1] [--out FOLDER] [FILE ...]
//
// With files, runs each once: to reproduce a failure. An input that traps, takes over ten seconds or allocates too much is written to
// FOLDER before the program dies; the corpus that coverage has selected stays there too, and a later run goes on from it.
import Glibc

/// What is run on every input; set once, before the first.
nonisolated(unsafe) var body: ([UInt8]) -> Void = { _ in }

/// What libFuzzer calls with each input; it wants this very name.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    body(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

func fail(_ message: String) -> Never {
    let line = "Fuzz: \(message)\n"
    _ = line.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
    exit(2)
}

/// Turns our options into libFuzzer's, whose main calls this before it reads them.
@_cdecl("LLVMFuzzerInitialize")
func initialize(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ argumentList: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
    var options = ["--seconds": "600", "--seed": "1", "--out": ".build-fuzz"]
    var files: [String] = []
    var words = CommandLine.arguments.dropFirst()
    while let word = words.popFirst() {
        if !word.hasPrefix("--") {
            files.append(word)
        } else if ["--target", "--seconds", "--seed", "--out"].contains(word), let value = words.popFirst() {
            options[word] = value
        } else {
            fail("unknown option \(word), or one without a value")
        }
    }
    guard let target = FuzzTarget.all.first(where: { $0.name == options["--target"] }) else {
        fail("--target is one of: \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
    }
    body = target.body

    let out = options["--out"]!
    let corpus = "\(out)/\(target.name)"
    _ = mkdir(out, 0o777)
    _ = mkdir(corpus, 0o777)
    var largest = 4096
    for (index, seed) in target.seeds().enumerated() {
        write(seed, to: "\(corpus)/seed-\(index)")
        largest = max(largest, 2 * seed.count)
    }
    let dictionary = "\(out)/\(target.name).dictionary"
    let entries = target.words.map { word in
        "\"\(word.utf8.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())\"\n"
    }
    write(Array(entries.joined().utf8), to: dictionary)

    // One allocation may be 16 MB, some hundred times the largest inputs; all of them 1 GB with the sanitizer's own.
    let arguments =
        [
            "Fuzz", "-dict=\(dictionary)", "-max_total_time=\(options["--seconds"]!)", "-seed=\(options["--seed"]!)",
            "-max_len=\(largest)",
            "-timeout=10", "-malloc_limit_mb=16", "-rss_limit_mb=1024", "-artifact_prefix=\(out)/\(target.name)-",
            "-print_final_stats=1",
        ] + (files.isEmpty ? [corpus] : files)
    let copies = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count + 1)
    for index in 1..<arguments.count { copies[index] = strdup(arguments[index]) }
    copies[0] = argumentList.pointee[0]  // libFuzzer insists
    copies[arguments.count] = nil
    argumentCount.pointee = CInt(arguments.count)
    argumentList.pointee = copies
    return 0
}
