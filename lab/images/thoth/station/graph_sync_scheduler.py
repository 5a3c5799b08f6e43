"""Takes the place of the station's graph-sync scheduler: a Job that has succeeded has its result put into the graph. It acts on changes only."""

import os

from openshift.dynamic.exceptions import ConflictError
from thoth.common import OpenShift

print("stand-in for graph-sync-scheduler: thoth-common is real, the rest is not thoth-station's own", flush=True)

WATCHED = os.environ["THOTH_SCHEDULER_NAMESPACE"]
ASKED = os.environ["THOTH_GRAPH_SYNC_NAMESPACE"]

openshift = OpenShift()
jobs = openshift.ocp_client.resources.get(api_version="batch/v1", kind="Job")
while True:
    for event in jobs.watch(namespace=WATCHED, label_selector="operator=graph-sync"):
        job = event["object"]
        if event["type"] != "MODIFIED" or not (job.status and job.status.succeeded):
            continue
        name, task = job.metadata.name, job.metadata.labels["task"]
        try:
            asked = openshift.schedule_graph_sync(name, ASKED, template_name=f"graph-sync-job-{task}")
            print(f"{name} has succeeded: {asked}", flush=True)
        except ConflictError:
            print(f"{name} was asked for before", flush=True)
