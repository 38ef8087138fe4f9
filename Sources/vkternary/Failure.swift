import ArgumentParser
import TernaryCPU
import TernaryFiles
import TernaryModels
import VulkanCompute

/// Arguments or settings that cannot be right, found out after they were parsed.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Ends a command with one line on standard error and the exit code that `vkternary --help` states.
enum Failure {
    /// A device failed, or results differ.
    static let failed = ExitCode(1)
    /// A file cannot be used.
    static let badInput = ExitCode(2)
    /// Arguments or environment variables hold what cannot be.
    static let badUsage = ExitCode(64)
    /// Ctrl-C.
    static let interrupted = ExitCode(130)

    /// Runs a command's body and turns what it throws into a message and an exit code.
    static func reporting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let code as ExitCode {
            throw code
        } catch is OutputClosed {
            throw ExitCode.success
        } catch is Interrupted {
            throw interrupted
        } catch {
            Terminal.note("vkternary: \(error)")
            throw code(of: error)
        }
    }

    private static func code(of error: any Error) -> ExitCode {
        switch error {
        case is FileError: badInput
        case is UsageError, is CPUError, is DeviceChoiceError, VulkanError.setting: badUsage
        default: failed
        }
    }
}
