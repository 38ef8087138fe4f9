import Glibc
import Synchronization

/// Ctrl-C, noted: what runs looks at it between tokens; a second one ends the program at once.
enum Interrupt {
    private static let count = Atomic<Int>(0)

    /// Whether Ctrl-C was pressed since the last `clear`.
    static var isPending: Bool { count.load(ordering: .relaxed) > 0 }

    /// Forgets it, for the next prompt of an interactive session.
    static func clear() { count.store(0, ordering: .relaxed) }

    /// Starts listening. Before that, Ctrl-C just ends the program.
    static func listen() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            if Interrupt.count.wrappingAdd(1, ordering: .relaxed).newValue > 1 { _exit(130) }
        }
        // No SA_RESTART: a read of the keyboard must return.
        sigaction(SIGINT, &action, nil)
        // Whoever starts us from a thread that blocks signals, as Dispatch's do, hands that on.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Ends what runs, for work that has nothing to show for itself when it stops half way.
    static func check() throws {
        if isPending { throw Interrupted() }
    }
}

/// Ctrl-C ended the work.
struct Interrupted: Error {}
