#!/usr/bin/env python3
"""Install and start Safelight.

python3 launch.py [options]         make .venv, install requirements.txt, start the server, open the browser
    --no-browser                    do not open the browser
    --port N, --listen ADDRESS, --models DIR, --cpu … are options of server.py; --help lists them
python3 launch.py test [arguments]  install what the tests need and run all checks; with arguments, pytest alone
python3 launch.py doctor            say what is wrong with this installation and how to mend it
python3 launch.py pack COMMAND      list, add, remove, enable, disable, install, test the packs in custom_nodes/,
                                    or make a new one; python3 launch.py pack --help lists the commands
"""

import shutil
import sys

if sys.version_info < (3, 11):  # noqa: UP036  (this file is what an older Python meets first)
    other = next((name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)), None)
    cure = "Run: %s launch.py" % other if other else "Install it, then start this command again."  # noqa: UP031
    sys.exit("Safelight needs Python 3.11 or newer; this is %d.%d. " % sys.version_info[:2] + cure)  # noqa: UP031


def main(arguments: list[str]) -> int:
    """Run the command that the arguments name and return its exit status."""
    from launcher import checks, doctor, packs, start
    from launcher.environment import SetupError

    commands = {"test": checks.run, "doctor": doctor.run, "pack": packs.run}
    try:
        if arguments and arguments[0] in commands:
            return commands[arguments[0]](arguments[1:])
        if {"-h", "--help"} & set(arguments):
            print(__doc__)
        return start.run(arguments)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
