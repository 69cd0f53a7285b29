import BlockJobs

/// The jobs' transaction, under a name that the schema's command does not have. (The module's actor hides the module's name.)
typealias JobTransaction = Transaction
