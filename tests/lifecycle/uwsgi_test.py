"""uWSGI from PyPI, a server that embeds CPython and forks its workers."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from agent import Agent, Seen, wait_until
import pythons

APPLICATION = """
def handled():
    x = 0
    for i in range(300000):
        x = (x * 31 + i) % 1000003
    return x
def application(environ, start_response):
    start_response("200 OK", [])
    return [str(handled()).encode()]
"""


def installed():
    """The uwsgi program, built once below the build directory."""
    venv = os.path.join(os.environ["PROFD_BUILD"], "uwsgi-venv")
    program = os.path.join(venv, "bin", "uwsgi")
    if not os.path.exists(program):
        if not shutil.which("cc"):
            raise unittest.SkipTest("no C compiler")
        subprocess.run([pythons.executable("3.11"), "-m", "venv", venv], check=True)
        done = subprocess.run([os.path.join(venv, "bin", "pip"), "install", "-q", "uwsgi"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise unittest.SkipTest("uwsgi cannot be built here: " + done.stdout[-300:])
    return program


class Uwsgi(unittest.TestCase):
    # Pitfall 15, Pitfall 16
    def test_workers_of_a_server_are_named(self):
        program = installed()
        with tempfile.TemporaryDirectory() as folder, Agent(rate=999) as agent:
            with open(os.path.join(folder, "app.py"), "w") as file:
                file.write(APPLICATION)
            port_file = os.path.join(folder, "log")
            with open(port_file, "w") as log:
                server = subprocess.Popen(
                    [program, "--http-socket", "127.0.0.1:0", "--master", "--processes", "2",
                     "--wsgi-file", "app.py", "--chdir", folder, "--die-on-term"],
                    stdout=log, stderr=log)
            try:
                def address():
                    for line in open(port_file):
                        if "bound to TCP address" in line:
                            return line.split("address ")[1].split()[0]
                wait_until(lambda: address() and "spawned uWSGI worker 2" in open(port_file).read(),
                           "uWSGI listens")
                for _ in range(30):
                    urllib.request.urlopen("http://%s/" % address(), timeout=60).read()
            finally:
                server.terminate()
                server.wait()
            seen = Seen(agent.stop().profiles())
        handled = sum(functions["handled"] for functions in seen.functions.values())
        workers = [pid for pid in seen.functions if "handled" in seen.names(pid)]
        print("handled: %.2f s in %d workers" % (handled / 1e9, len(workers)))
        self.assertGreater(handled, 0.3e9)
        self.assertNotIn(server.pid, workers)
        whole = sum(seen.cpu_ns[pid] for pid in workers)
        self.assertGreater(handled, 0.7 * whole)


if __name__ == "__main__":
    unittest.main()
