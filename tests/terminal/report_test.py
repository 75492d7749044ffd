#!/usr/bin/env python3
"""profctl report -i in a real terminal: tmux, keys typed into it, and what then stands there.

usage: report_test.py PROFCTL      exit 77: cannot run here, says why
"""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from screen import Screen, skip_without_tmux  # noqa: E402

COLLAPSED = """main;caller;hot 60
main;caller;warm 30
main;cold 10
main;odd深い 5
"""


def main():
    profctl = os.path.abspath(sys.argv[1])
    skip_without_tmux()
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "stacks.txt"), "w") as file:
            file.write(COLLAPSED)
        for environment in ({}, {"NO_COLOR": "1"}, {"LC_ALL": "C"}):
            with Screen(folder, 60, 12, **environment) as screen:
                screen.keys("%s report -i stacks.txt; echo STATUS $?" % profctl, "Enter")
                screen.wait_for("57.1%")
                screen.keys("2")
                screen.wait_for("warm")
                screen.keys("3")
                screen.wait_for("all")
                screen.keys("j", "j", "Enter")
                screen.wait_for("(zoomed: Esc)")
                screen.keys("#")
                screen.wait_for("[/caller 85.7%]")
                screen.resize(200, 50)
                screen.wait_for("# name")
                screen.resize(60, 12)
                screen.keys("?")
                screen.wait_for("profctl report -i: keys")
                screen.keys("x", "4")
                screen.keys("1", "/", "odd", "Enter")
                screen.wait_for("odd")
                screen.wait_for("[/odd 4.8%]")
                screen.keys("q")
                screen.wait_for("STATUS 0", absent="[/odd")
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
