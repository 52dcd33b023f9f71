#!/usr/bin/env python3
"""The checker of queues sees what it is there for, and nothing else."""

import os
import shutil
import unittest

import durability
import queue_state
import sweep

TODO = b"u0\0p1\0p1 a=1\0Fa@b\0Tc@d\0p1 b=2\0"


class QueueState(unittest.TestCase):
    def setUp(self):
        self.home = sweep.make_home()
        self.queue = f"{self.home}/queue/"
        self.number = self.new_message()

    def tearDown(self):
        shutil.rmtree(self.home)

    def write(self, name, data=b"x"):
        with open(self.queue + name, "wb") as file:
            file.write(data)

    def new_message(self):
        self.write("pid/x")
        number = os.stat(self.queue + "pid/x").st_ino
        os.rename(self.queue + "pid/x", self.queue + self.name("mess", number))
        return number

    def name(self, folder, number=None):
        number = number or self.number
        return f"{folder}/{number % sweep.SPLIT}/{number}"

    def look(self):
        return queue_state.look_at(self.queue)

    def fault(self):
        self.assertEqual(len(self.look().faults), 1, self.look().faults)

    def test_states_without_fault(self):
        self.assertEqual(self.look().litter, [self.name("mess")])   # S2
        self.write(f"intd/{self.number}", b"u0\0p1\0Fcut")          # S3
        self.assertEqual(self.look().faults, [])
        self.write(f"intd/{self.number}", TODO)
        os.link(f"{self.queue}intd/{self.number}", f"{self.queue}todo/{self.number}")   # S4
        self.assertEqual((self.look().faults, self.look().litter), ([], []))
        self.write(self.name("info"), b"F")   # half, while todo is there
        self.write(self.name("local"), b"?")
        self.assertEqual(self.look().faults, [])
        os.unlink(f"{self.queue}intd/{self.number}")
        os.unlink(f"{self.queue}todo/{self.number}")
        self.write(self.name("info"), b"Fa@b\0id=1\0")   # S5
        self.write(self.name("local"), b"Tc@d\0De@f\0")
        self.assertEqual((self.look().faults, self.look().litter), ([], []))

    def test_inode_is_the_number(self):
        self.write(self.name("mess", self.number + sweep.SPLIT))
        self.fault()

    def test_no_name_outlives_mess(self):
        os.unlink(self.queue + self.name("mess"))
        for name in (f"todo/{self.number}", f"intd/{self.number}"):
            self.write(name, TODO)
            self.fault()
            os.unlink(self.queue + name)
        for folder in ("info", "local", "remote"):
            self.write(self.name(folder), b"Fa\0")
            self.assertTrue(self.look().faults)
            os.unlink(self.queue + self.name(folder))

    def test_half_envelopes(self):
        for data in (TODO[:-1], b"", b"u0\0p1\0", b"u0\0p1\0Fa\0Xb\0", b"u0\0p\0Fa\0"):
            self.write(f"todo/{self.number}", data)
            self.fault()

    def test_wrong_places_and_strange_names(self):
        for name in ("todo/name", "mess/1/name", f"info/{(self.number + 1) % sweep.SPLIT}/{self.number}",
                     "quarantine/x.mess"):
            self.write(name, b"Fa\0")
            self.fault()
            os.unlink(self.queue + name)

    def test_quarantine(self):
        stem = "quarantine/" + sweep.ID.decode()
        self.write(stem + ".mess")
        self.assertEqual(self.look().faults, [])
        self.write(stem + ".env", TODO)
        self.assertEqual(self.look().faults, [])
        os.unlink(f"{self.queue}{stem}.mess")
        self.fault()


class Durability(unittest.TestCase):
    GOOD = ['openat(AT_FDCWD, "todo", O_RDONLY) = 5', 'openat(AT_FDCWD, "pid/1", O_RDWR|O_CREAT) = 6',
            'openat(AT_FDCWD, "mess/1", O_RDONLY) = 7', 'link("pid/1", "mess/1/4") = 0',
            'unlink("pid/1") = 0', 'write(6, "x", 1) = 1',
            'openat(AT_FDCWD, "intd/4", O_WRONLY|O_CREAT) = 8', 'write(8, "x", 1) = 1',
            "fsync(6) = 0", "fsync(8) = 0", 'link("intd/4", "todo/4") = 0', "fsync(5) = 0",
            "fsync(7) = 0"]

    def test_every_sync_is_needed(self):
        self.assertEqual(durability.faults(self.GOOD), [])
        for line in self.GOOD:
            if line.startswith(("fsync", 'link("intd')):
                without = [other for other in self.GOOD if other != line]
                self.assertTrue(durability.faults(without), line)

    def test_order_counts(self):
        late = self.GOOD[:9] + [self.GOOD[10], self.GOOD[9]] + self.GOOD[11:]
        self.assertTrue(durability.faults(late))
        failed = [line.replace("fsync(7) = 0", "fsync(7) = -1 EIO") for line in self.GOOD]
        self.assertTrue(durability.faults(failed))


if __name__ == "__main__":
    unittest.main()
