#!/usr/bin/env python3
"""What `cmake --install` puts where.

usage: install_test.py BUILD
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = sys.argv.pop()
SHARE = "usr/share/"
FILES = {
    "usr/bin/profd", "usr/bin/profctl", "usr/lib/systemd/system/profd.service",
    "etc/profd/profd.yaml", SHARE + "man/man8/profd.8", SHARE + "man/man1/profctl.1",
    SHARE + "bash-completion/completions/profd", SHARE + "bash-completion/completions/profctl",
    SHARE + "zsh/vendor-completions/_profd", SHARE + "zsh/vendor-completions/_profctl",
    SHARE + "fish/vendor_completions.d/profd.fish", SHARE + "fish/vendor_completions.d/profctl.fish",
    SHARE + "doc/profd/LICENSE", SHARE + "doc/profd/NOTICE",
}


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="profd-install-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def install(self, prefix="/usr"):
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True,
                       env=dict(os.environ, DESTDIR=str(self.root)), stdout=subprocess.DEVNULL)

    def test_every_file_has_its_place_and_the_programs_run(self):
        self.install()
        found = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}
        self.assertEqual(found, FILES)
        for path in FILES:
            self.assertGreater((self.root / path).stat().st_size, 0, path)
        for program in ("profd", "profctl"):
            done = subprocess.run([self.root / "usr/bin" / program, "--version"],
                                  capture_output=True, text=True, check=True)
            self.assertTrue(done.stdout.startswith(program + " "), done.stdout)
        self.assertIn(".TH PROFD 8", (self.root / SHARE / "man/man8/profd.8").read_text().upper())

    def test_another_prefix_is_the_units_too(self):
        self.install("/opt/profd")
        unit = (self.root / "opt/profd/lib/systemd/system/profd.service").read_text()
        self.assertIn("ExecStart=/opt/profd/bin/profd --config /opt/profd/etc/profd/profd.yaml\n", unit)
        self.assertTrue((self.root / "opt/profd/etc/profd/profd.yaml").is_file())
        self.assertIn("SystemCallFilter=@system-service bpf perf_event_open process_vm_readv\n", unit)

    @unittest.skipIf(shutil.which("zsh") is None, "no zsh here")
    def test_zsh_looks_where_its_completions_are(self):
        folders = subprocess.run(["zsh", "-fc", "print -l $fpath"], capture_output=True, text=True,
                                 check=True).stdout.splitlines()
        self.assertIn("/" + SHARE + "zsh/vendor-completions", folders)

    def test_the_installed_configuration_is_valid_and_kept(self):
        self.install()
        config = self.root / "etc/profd/profd.yaml"
        subprocess.run([self.root / "usr/bin/profd", "check-config", config], check=True,
                       stdout=subprocess.DEVNULL)
        config.write_text("rate: 49\n")
        self.install()
        self.assertEqual(config.read_text(), "rate: 49\n")


unittest.main()
