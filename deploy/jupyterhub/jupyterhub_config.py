"""JupyterHub for a class on one Linux machine; README.md beside this file says how.

The hub runs as root. Whoever has an account on the machine and belongs to one of the
two groups below logs in with its password, and gets a server that runs as that user.
"""

import grp
import sys
from pathlib import Path

c = get_config()  # noqa: F821  JupyterHub reads this file and brings the name along

HERE = Path(__file__).resolve().parent
STUDENTS, TEACHERS = "cnn-students", "cnn-teachers"

if missing := {STUDENTS, TEACHERS} - {group.gr_name for group in grp.getgrall()}:
    # Without them every login would end in an error that says nothing.
    sys.exit(f"Make the groups first: groupadd {'; groupadd '.join(sorted(missing))}")

# Only this machine reaches it: put a web server with a certificate before it.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"

c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {STUDENTS}
c.PAMAuthenticator.admin_groups = {TEACHERS}

# The packages stand once, where the hub's own are; students cannot write there.
c.Spawner.cmd = [sys.executable, str(HERE / "start_server.py")]
c.Spawner.default_url = "/lab/tree/course/notebooks/00_images_as_tensors.ipynb"
c.Spawner.notebook_dir = "~"
c.Spawner.start_timeout = 120  # a whole class comes in the same minute
c.Spawner.args = [
    # Sockets that are files of the user's own: what a kernel prints goes out on a port
    # otherwise, and on this machine anybody could listen there.
    "--KernelManager.transport=ipc",
    # A kernel that has imported PyTorch holds half a gigabyte.
    "--MappingKernelManager.cull_idle_timeout=3600",
    "--MappingKernelManager.cull_interval=300",
    "--ServerApp.shutdown_no_activity_timeout=7200",
]

# What each process of a student may ask for: start_server.py sets it. A kernel with a
# VGG-16 in it asks for 1.4 GB. A spawner with control groups (README.md) takes it for
# all processes of a student together.
c.Spawner.mem_limit = "3G"
# One thread each: thirty students with all cores each only wait for one another.
c.Spawner.environment = {"OMP_NUM_THREADS": "1", "CNN_CPU_HOURS": "4"}
# The folder with MNIST, if the hub is told of one: nobody downloads it then.
c.Spawner.env_keep.append("CNNLIB_DATA")
