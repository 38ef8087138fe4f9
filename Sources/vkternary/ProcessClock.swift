import Glibc

/// Time since this process began, before a line of ours ran.
enum ProcessClock {
    /// To a tick of the kernel's, mostly 10 ms; nil where the kernel does not say.
    static var seconds: Double? {
        // proc(5): field 22 of `stat`, in ticks since the system started. The second field, a name in parentheses, may hold spaces.
        guard let file = fopen("/proc/self/stat", "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        guard let nameEnd = buffer[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = buffer[(nameEnd + 1)..<count].split(separator: UInt8(ascii: " "))
        let ticksPerSecond = sysconf(Int32(_SC_CLK_TCK))
        guard fields.count > 19, let start = Double(String(decoding: fields[19], as: UTF8.self)), ticksPerSecond > 0 else {
            return nil
        }
        var now = timespec()
        guard clock_gettime(CLOCK_BOOTTIME, &now) == 0 else { return nil }
        return max(0, Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9 - start / Double(ticksPerSecond))
    }
}
