"""Ceph's programs, and the configuration of a cluster of one monitor and one object store in memory."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import pytest

from servers.binaries import servers_folder

STORED_BYTES = 512 * 1024 * 1024
"""What the object store says it has room for; it takes memory only for what is written."""


@dataclass(frozen=True)
class Programs:
    """Ceph as `.ci/ceph` unpacked it."""

    root: Path
    libraries: Path

    @classmethod
    def found(cls) -> Programs:
        """The programs, or a skip that says how to get them."""
        root = servers_folder() / "ceph"
        if not (root / "built-from").is_file():
            pytest.skip(f"Ceph is not in {root}; `.ci/ceph` fetches it where there is apt with Debian's packages")
        return cls(root, root / "usr" / "lib" / f"{platform.machine()}-linux-gnu")

    def path(self, program: str) -> str:
        """Path of one of them."""
        return str(self.root / "usr" / "bin" / program)

    def environment(self, folder: Path) -> dict[str, str]:
        """What a program needs to find its libraries, and nothing of the user's."""
        beside = [self.libraries, self.libraries / "ceph", self.root / "lib" / self.libraries.name]
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LD_LIBRARY_PATH": ":".join(map(str, beside)),
            # One arena a thread costs more memory than the data.
            "MALLOC_ARENA_MAX": "2",
        }


def configuration(folder: Path, programs: Programs, *, cluster: str, monitor_port: int) -> str:
    """The text of ceph.conf; makes the folders that it names."""
    for name in ("monitor", "store"):
        (folder / name).mkdir()
    crc = {f"ms_{name}_mode": "crc" for name in ("mon_client", "mon_service", "mon_cluster")}
    crc |= {f"ms_{name}_mode": "crc" for name in ("client", "service", "cluster")}
    settings = {
        "fsid": cluster,
        "mon_host": f"v2:127.0.0.1:{monitor_port}",
        "mon_data": folder / "monitor",
        "osd_data": folder / "store",
        "run_dir": folder,
        "admin_socket": "",
        "log_file": "",
        "log_to_stderr": "true",
        "debug_rocksdb": 0,
        "plugin_dir": programs.libraries / "ceph",
        "osd_class_dir": programs.libraries / "rados-classes",
        "erasure_code_dir": programs.libraries / "ceph" / "erasure-code",
        # Loopback only, nobody else to tell apart: authentication off needs unencrypted messages.
        "auth_cluster_required": "none",
        "auth_service_required": "none",
        "auth_client_required": "none",
        **crc,
        "ms_bind_msgr1": "false",
        "public_addr": "127.0.0.1",
        "cluster_addr": "127.0.0.1",
        "osd_objectstore": "memstore",
        "memstore_device_bytes": STORED_BYTES,
        "osd_memory_target_autotune": "false",
        # One copy, on one object store, however full the disk under the monitor is.
        "osd_pool_default_size": 1,
        "osd_pool_default_min_size": 1,
        "osd_pool_default_pg_num": 1,
        "osd_pool_default_pgp_num": 1,
        "osd_pool_default_pg_autoscale_mode": "off",
        "osd_crush_chooseleaf_type": 0,
        "mon_allow_pool_size_one": "true",
        "mon_max_pg_per_osd": 1000,
        "mon_data_avail_crit": 0,
        "mon_data_avail_warn": 0,
        # Each pool that the gateway makes waits for the monitor's next proposal.
        "paxos_propose_interval": 0.05,
        "rgw_rados_pool_pg_num_min": 1,
        "rgw_thread_pool_size": 32,
        "rgw_enable_apis": "s3, admin",
    }
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())
