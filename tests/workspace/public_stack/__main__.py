"""Models and an application's objects in one bucket on AWS, of which the configuration says what is public."""

import pulumi

from pulumi_modelstore import AccessKeyPair, AwsS3, ObjectStore, StorageNamespace

public = pulumi.Config().get_object("publicPrefixes") or ()
backend = AwsS3(bucket="acme-apps", region="eu-west-1", prefix="team", public_prefixes=public)
apps = StorageNamespace("apps", backend=backend)
keys = AccessKeyPair("apps", namespace=apps)
if pulumi.Config().get_bool("site"):
    ObjectStore("site", access="public", namespace=apps, keys=keys)
ObjectStore("reports", access="private", namespace=apps, keys=keys, variables="REPORTS")
