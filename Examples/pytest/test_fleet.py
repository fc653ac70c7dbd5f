# SPDX-License-Identifier: Apache-2.0
"""What code that deploys to a fleet could be tested like."""


def test_a_file_is_deployed_to_every_instance(launch, aws):
    fleet = [launch(f"web-{number}") for number in (1, 2)]
    for _, ssh in fleet:
        assert ssh("echo version 2 >release").returncode == 0
    for _, ssh in fleet:
        assert ssh("cat release").stdout == "version 2\n"
    named = aws("ec2").describe_instances(Filters=[{"Name": "tag:Name", "Values": ["web-*"]}])
    assert {r["Instances"][0]["InstanceId"] for r in named["Reservations"]} >= {identifier for identifier, _ in fleet}


def test_what_was_written_survives_a_stop(launch, aws):
    identifier, ssh = launch("db-1")
    ssh("echo kept >state")
    ec2 = aws("ec2")
    ec2.stop_instances(InstanceIds=[identifier])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[identifier], WaiterConfig={"Delay": 1})
    ec2.start_instances(InstanceIds=[identifier])
    ec2.get_waiter("instance_running").wait(InstanceIds=[identifier], WaiterConfig={"Delay": 1})
    for _ in range(100):
        if ssh("true").returncode == 0:
            break
    assert ssh("cat state").stdout == "kept\n"
