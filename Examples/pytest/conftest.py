# SPDX-License-Identifier: Apache-2.0
"""A latchkeyd of this test run's own, and instances that it launches as containers.

Needs latchkeyd and latchkey-agent on the PATH (or in LATCHKEY_BIN), a Docker engine, boto3 and pytest.
"""

import json
import os
import random
import shutil
import socket
import subprocess
import time
import urllib.request

import boto3
import pytest

BIN = os.environ.get("LATCHKEY_BIN") or os.path.dirname(shutil.which("latchkeyd") or "")


def free_ports(count):
    """As many ports beside each other as are asked for, below those that the system gives to clients."""
    while True:
        first = random.randrange(10000, 32000)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("", port))
            return first
        except OSError:
            continue


@pytest.fixture(scope="session")
def latchkeyd(tmp_path_factory):
    """What boto3 needs to know of the server: an endpoint, a certificate to trust, an access key."""
    home = tmp_path_factory.mktemp("latchkey")
    port, metadata = free_ports(1), free_ports(2)
    environment = os.environ | {"LATCHKEY_HOME": str(home)}
    program = os.path.join(BIN, "latchkeyd")
    subprocess.run([program, "init", "--port", str(port)], env=environment, check=True, capture_output=True)
    command = [program, "run", "--listen", f"127.0.0.1:{port}", "--docker", "--metadata-port", str(metadata)]
    for volume in filter(None, os.environ.get("LATCHKEY_VOLUMES", "").split()):
        command += ["--volume", volume]
    with open(home / "latchkeyd.log", "w") as log:
        server = subprocess.Popen(command, env=environment, stderr=log)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
                break
            except OSError:
                assert server.poll() is None, (home / "latchkeyd.log").read_text()
                time.sleep(0.1)
        with open(home / "latchkeyd.json") as file:
            yield json.load(file)
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="session")
def aws(latchkeyd):
    """Makes a client of boto3 for a service."""

    def client(service):
        return boto3.client(
            service,
            endpoint_url=latchkeyd["endpoint"],
            region_name=latchkeyd["region"],
            verify=latchkeyd["authorities"],
            aws_access_key_id=latchkeyd["accessKeyID"],
            aws_secret_access_key=latchkeyd["secretAccessKey"],
        )

    return client


@pytest.fixture
def launch(aws, tmp_path):
    """Launches instances, waits until they let their key in, and terminates them after the test."""
    ec2, launched = aws("ec2"), []
    key = ec2.create_key_pair(KeyName="test", KeyType="ed25519")
    path = tmp_path / "test.pem"
    path.touch(mode=0o600)
    path.write_text(key["KeyMaterial"])

    def ssh(address, *words):
        options = ["-F", "/dev/null", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i", str(path)]
        options += ["-o", "StrictHostKeyChecking=accept-new", "-o", f"UserKnownHostsFile={tmp_path / 'known_hosts'}"]
        command = ["ssh", *options, f"admin@{address}", *words]
        return subprocess.run(command, capture_output=True, text=True)

    def launch(name):
        image = ec2.describe_images()["Images"][0]["ImageId"]
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
        answer = ec2.run_instances(ImageId=image, KeyName="test", MinCount=1, MaxCount=1, TagSpecifications=tags)
        identifier = answer["Instances"][0]["InstanceId"]
        launched.append(identifier)
        ec2.get_waiter("instance_running").wait(InstanceIds=[identifier], WaiterConfig={"Delay": 1})
        instance = ec2.describe_instances(InstanceIds=[identifier])["Reservations"][0]["Instances"][0]
        address = instance["PublicIpAddress"]
        for _ in range(100):
            if ssh(address, "true").returncode == 0:
                return identifier, lambda *words: ssh(address, *words)
            time.sleep(0.2)
        raise TimeoutError(f"{name} does not let its key in")

    yield launch
    if launched:
        ec2.terminate_instances(InstanceIds=launched)
        ec2.get_waiter("instance_terminated").wait(InstanceIds=launched, WaiterConfig={"Delay": 1})
    ec2.delete_key_pair(KeyName="test")
