"""What processes used: memory, processor time, forks, flushes of the disk."""
import os


def processes():
    """pid -> the fields of /proc/PID/stat behind the name."""
    found = {}
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open('/proc/%s/stat' % entry) as file:
                    found[int(entry)] = file.read().rsplit(')', 1)[1].split()
            except OSError:
                pass   # it ended meanwhile
    return found


def family_of(pids):
    """These processes and all below them."""
    parents = {pid: int(fields[1]) for pid, fields in processes().items()}
    family = set(pids)
    while True:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        if not more:
            return family
        family |= more


def memory_of(pids):
    """KiB, proportional set size, of these processes and all below them."""
    total = 0
    for pid in family_of(pids):
        try:
            with open('/proc/%d/smaps_rollup' % pid) as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith('Pss:'))
        except OSError:
            pass
    return total


def cpu_seconds(strangers):
    """User and system time of everything in our namespace, ended children included, but for ourselves and strangers."""
    total = 0
    for pid, fields in processes().items():
        own, reaped = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
        if pid == 1:
            total += reaped   # who lost his parent
        elif pid != os.getpid() and pid not in strangers:
            total += own + reaped
    return total / os.sysconf('SC_CLK_TCK')


def next_pid():
    """Processes get consecutive numbers in a namespace, so two of these tell how many began in between."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


class Meter:
    """What was used between its making and used(). strangers: pids of the load, whose cost is not the server's."""

    def __init__(self, disk, strangers=()):
        self.disk, self.strangers = disk, set(strangers)
        self.flushes = disk.flushes() if disk else None
        self.cpu = cpu_seconds(self.strangers)
        self.pid = next_pid()

    def used(self, of_the_load=0, clients_cpu=0.0):
        """of_the_load: processes the load began; clients_cpu: seconds that count besides (programs of the server that
        the load started)."""
        most = int(open('/proc/sys/kernel/pid_max').read())
        began = (next_pid() - self.pid - 1) % most - of_the_load
        flushes = self.disk.flushes() if self.disk else None
        return {'cpu': cpu_seconds(self.strangers) - self.cpu + clients_cpu, 'forks': began,
                'flushes': None if flushes is None or self.flushes is None else flushes - self.flushes}
