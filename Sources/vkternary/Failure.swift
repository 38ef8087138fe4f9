import ArgumentParser
import TernaryCPU
import TernaryFiles
import TernaryModels
import VulkanCompute

/// Ends a command with one line on standard error and the exit code that `vkternary --help` states.
enum Failure {
    /// A device failed, or results differ.
    static let failed = ExitCode(1)
    /// A file cannot be used.
    static let badInput = ExitCode(2)
    /// Ctrl-C.
    static let interrupted = ExitCode(130)

    /// Runs a command's body and turns what it throws into a message and an exit code.
    static func reporting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as FileError {
            Terminal.note("vkternary: \(error)")
            throw badInput
        } catch let error as VulkanError {
            Terminal.note("vkternary: \(error)")
            throw failed
        } catch let error as CPUError {
            Terminal.note("vkternary: \(error)")
            throw ExitCode(64)
        } catch let error as DeviceChoiceError {
            Terminal.note("vkternary: \(error)")
            throw ExitCode(64)
        } catch is OutputClosed {
            throw ExitCode.success
        }
    }
}
