"""Runs a command and prints one JSON line: seconds, peak memory in MB, exit status and what it wrote to stdout.

Usage: measure.py COMMAND [ARGUMENT ...]

The peak is the largest resident set that the kernel saw of the command's process, as wait4 reports it; it is never
below the 15 MB or so of the Python process that the command was started from. Needs only the standard library; both
sides of a comparison are measured by it.
"""

import json
import os
import subprocess
import sys
import time

start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
stdout = process.stdout.read().decode(errors="replace")
_, status, usage = os.wait4(process.pid, 0)
seconds = time.perf_counter() - start
print(
    json.dumps(
        {
            "seconds": seconds,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_mb": usage.ru_maxrss * 1024 / 1e6,
            "status": os.waitstatus_to_exitcode(status),
            "stdout": stdout,
        }
    )
)
