"""Every Python that starts believes in a machine with its clock `MACHINE_AHEAD` seconds ahead; see `make test-shifted`.

Debian's faketime 0.9.10 would reach other programs, too, but not Python: `time.sleep` fails with EINVAL while it leaves
the monotonic clock alone, and the time-outs of locks never end while it does not.
"""

import os
import time

import time_machine

time_machine.travel(time.time() + float(os.environ["MACHINE_AHEAD"])).start()
time.time()  # the clock runs from when it is first asked
