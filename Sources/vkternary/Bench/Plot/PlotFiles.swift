import Glibc
import TernaryFiles

/// Writes pictures into a folder, as SVG and as PNG.
struct PlotFiles {
    let folder: String

    /// What makes a PNG of an SVG; a library of our own for that would be larger than all of the rest.
    private static let converter = "rsvg-convert"

    /// Makes the folder, and finds out before the work whether files can be written to it.
    func check() throws {
        try makeFolder(folder)
        try checkWritable(path("plot.svg"))
    }

    func write(_ plots: [Plot]) throws {
        for plot in plots { try writeFile(Array(plot.svg.document.utf8), to: path(plot.name + ".svg")) }
        for plot in plots {
            guard try convert(path(plot.name + ".svg"), to: path(plot.name + ".png")) else {
                Terminal.note(
                    "vkternary: \(folder) has SVG files only: PNG needs \(Self.converter), which is not installed "
                        + "(Debian, Ubuntu: apt install librsvg2-bin)")
                return
            }
        }
    }

    private func path(_ name: String) -> String {
        // A name that begins with a hyphen would be an option to the converter.
        (folder.hasPrefix("-") ? "./" : "") + folder + (folder.hasSuffix("/") ? "" : "/") + name
    }

    /// - Returns: whether there is a converter.
    /// - Throws: `FileError` where it fails.
    private func convert(_ svg: String, to png: String) throws -> Bool {
        let temporary = "\(png).partial-\(getpid())"
        defer { unlink(temporary) }
        let arguments = [Self.converter, "--format=png", "--zoom=2", "--output=\(temporary)", svg]
        guard let status = try Self.run(arguments) else { return false }
        guard status == 0 else { throw FileError(png, "cannot be made: \(Self.converter) failed with exit code \(status)") }
        guard rename(temporary, png) == 0 else { throw FileError(png, "cannot be written: \(String(cString: strerror(errno)))") }
        return true
    }

    /// Runs a program to its end.
    ///
    /// - Returns: its exit code, 128 and more after a signal; nil where there is no such program.
    private static func run(_ arguments: [String]) throws -> Int32? {
        // What a program needs to find its own files and fonts.
        let kept = ["PATH", "HOME", "LANG", "LC_ALL", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "FONTCONFIG_FILE", "LD_LIBRARY_PATH"]
        let variables = kept.compactMap { name in getenv(name).map { "\(name)=\(String(cString: $0))" } }
        var (argv, envp) = (arguments.map { strdup($0) } + [nil], variables.map { strdup($0) } + [nil])
        defer { for pointer in argv + envp { free(pointer) } }
        var process = pid_t()
        let result = posix_spawnp(&process, arguments[0], nil, nil, &argv, &envp)
        if result == ENOENT { return nil }
        guard result == 0 else { throw FileError(arguments[0], "cannot be run: \(String(cString: strerror(result)))") }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else {
                throw FileError(arguments[0], "cannot be waited for: \(String(cString: strerror(errno)))")
            }
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
