# SPDX-License-Identifier: Apache-2.0
"""Fills moto with a fleet."""

import sys

import boto3

ec2 = boto3.client(
    "ec2", endpoint_url=sys.argv[1], region_name="eu-central-1", aws_access_key_id="A", aws_secret_access_key="s"
)
ec2.import_key_pair(KeyName="web", PublicKeyMaterial=open(sys.argv[2], "rb").read())
image = ec2.describe_images(Filters=[{"Name": "name", "Values": ["ubuntu/*"]}])["Images"][0]["ImageId"]


def run(name, count):
    tags = [{"Key": "Name", "Value": name}, {"Key": "env", "Value": "prod"}]
    made = ec2.run_instances(
        ImageId=image,
        MinCount=count,
        MaxCount=count,
        KeyName="web",
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    return [i["InstanceId"] for i in made["Instances"]]


first = run("web-1", 1)
run("db", 3)
ec2.terminate_instances(InstanceIds=run("gone", 1))
print(first[0])
