/// What `--help` and `--version` print.
enum HelpText {
    /// The daemon's own version.
    static let ownVersion = "0.1.0"

    static let version = """
        blockjobd version \(ownVersion) (QMP of QEMU 10.1.0)
        Copyright (c) 2026 the blockjobd authors, Apache License 2.0
        """

    /// The backends of `--chardev`.
    static let chardevs = """
        Available chardev backend types:\u{20}
          socket
          stdio
        """

    static let usage = """
        Usage: blockjobd [options]
        A QMP storage daemon. Options take effect in the order in which they are given.

          -h, --help             print this and exit
          -V, --version          print the version and exit

          --chardev socket,id=<id>,path=<path>[,server=on|off][,wait=on|off]
          --chardev socket,id=<id>,fd=<number>[,server=on|off][,wait=on|off]
                                 a Unix socket for a monitor: listen (server=on) or connect;
                                 wait=on (the default) holds start-up until a client is there;
                                 a socket that systemd passes under the name <id> goes before path
          --chardev stdio,id=<id>
                                 standard input and output for a monitor

          --monitor [chardev=]<id>[,mode=control][,pretty=on|off]
                                 speak QMP on that chardev, to any number of clients

          --blockdev [driver=]<driver>,node-name=<name>[,<option>=<value>...]
          --blockdev '{"driver": ..., "node-name": ...}'
                                 add a node, as the QMP command blockdev-add does

          --object [qom-type=]throttle-group,id=<id>[,limits.<limit>=<value>...]
          --object '{"qom-type": "throttle-group", "id": ..., "limits": {...}}'
                                 make an object, as the QMP command object-add does

          --daemonize            go to the background once start-up is complete
          --pidfile <path>       write the process id to a file once start-up is complete

        Additions of blockjobd:
          --x-io-engine auto|threads
                                 how requests reach the disks: io_uring where the kernel has it, or threads
          --x-image-root <directory>
                                 let image headers name files in this directory only; may be given several times
          --x-socket-group <group>
                                 let a group connect to the sockets that are made (mode 0660 instead of 0600)
          --x-output-limit <size>
                                 disconnect a client that lets so much output pile up
          --x-input-budget <size>
                                 memory for unfinished messages of all clients together
          --x-cancel-deadline <seconds>
                                 conclude a cancelled job at the latest so long after, even if its disk hangs (10)
          --x-shutdown-deadline <seconds>
                                 exit at the latest so long after quit or a signal, even if a disk hangs (20)
          --x-log-level trace|debug|info|notice|warning|error|critical
                                 the least important log lines to write to standard error (notice)

        SIGTERM, SIGINT and SIGHUP end the daemon as quit does.
        """
}
