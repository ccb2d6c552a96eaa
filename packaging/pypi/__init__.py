"""Starts the program of Synapse that this package installed. It has no API."""

import os
import subprocess
import sys
import sysconfig


def program():
    """Returns the path of the program, in the environment that this package is in."""
    name = "synapse.exe" if os.name == "nt" else "synapse"
    places = [sysconfig.get_path("scripts")]
    if sys.version_info >= (3, 10):
        places.append(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))
    for place in places:
        path = os.path.join(place, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError("the program `{}` is in none of: {}".format(name, ", ".join(places)))


def main():
    """Becomes the program, or waits for it where a process cannot become another."""
    command = [program()] + sys.argv[1:]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)
