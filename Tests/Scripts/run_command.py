# SPDX-License-Identifier: Apache-2.0
"""What those begin with that send commands."""

import time

from home import client

ssm = client()
target = ssm.describe_instance_information()["InstanceInformationList"][0]["InstanceId"]


def send(*lines, **more):
    values = {"commands": list(lines), **more.pop("Parameters", {})}
    request = {"InstanceIds": [target], "DocumentName": "AWS-RunShellScript", "Parameters": values, **more}
    return ssm.send_command(**request)["Command"]["CommandId"]


def status(id):
    return ssm.get_command_invocation(CommandId=id, InstanceId=target)


def wait(id, *states):
    while True:
        answer = status(id)
        if answer["Status"] in states or (
            not states and answer["Status"] not in ("Pending", "InProgress", "Delayed", "Cancelling")
        ):
            return answer
        time.sleep(0.1)
