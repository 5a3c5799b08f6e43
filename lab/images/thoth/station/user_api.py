"""Takes the place of the station's user-api: what it does with a request for advice.

    POST /api/v1/advise/python              a stack; 202 with the id of its analysis
    GET  /api/v1/advise/python/ID           the result; 202 while there is none, 404 if nobody asked
    GET  /api/v1/advise/python/ID/status    of the analysis' pod
"""

import os

from flask import Flask, request
from openshift.dynamic.exceptions import NotFoundError as NoObject
from thoth.common import OpenShift
from thoth.common.exceptions import NotFoundException
from thoth.storages import AdvisersResultsStore
from thoth.storages.exceptions import NotFoundError

print("stand-in for user-api: thoth-common and thoth-storages are real, the rest is not thoth-station's own", flush=True)

BACKEND = os.environ["THOTH_BACKEND_NAMESPACE"]
RESULTS = os.environ["THOTH_RESULT_API_URL"] + "/api/v1/adviser-result"
KINDS = ("stable", "testing", "latest")

app = Flask(__name__)


@app.after_request
def mark(response):
    response.headers["X-User-Api"] = "stand-in"
    return response


@app.get("/")
@app.get("/api/v1")
@app.get("/metrics")
@app.get("/readiness")
@app.get("/liveness")
def probe():
    return {"stand-in": "this is not thoth-station's own"}


@app.post("/api/v1/advise/python")
def advise():
    asked = request.get_json()
    kind = request.args.get("recommendation_type", "stable")
    stack = asked.get("application_stack") or {}
    if kind not in KINDS or not stack.get("requirements"):
        return {"error": f"application_stack.requirements and recommendation_type ({', '.join(KINDS)}) are needed"}, 400
    analysis = OpenShift().schedule_adviser(
        {key: stack[key] for key in ("requirements", "requirements_lock") if stack.get(key)},
        RESULTS,
        kind,
        count=int(request.args.get("count", 1)),
        limit=int(request.args.get("limit", 100)),
        runtime_environment=asked.get("runtime_environment") or {},
        origin=request.args.get("origin"),
    )
    return {"analysis_id": analysis, "cached": False}, 202


@app.get("/api/v1/advise/python/<analysis>")
def advice(analysis: str):
    store = AdvisersResultsStore()
    store.connect()
    try:
        return store.retrieve_document(analysis)
    except NotFoundError:
        status, code = state(analysis)
        return status, 202 if code == 200 else code


@app.get("/api/v1/advise/python/<analysis>/status")
def state(analysis: str):
    try:
        return {"analysis_id": analysis, "status": OpenShift().get_job_status_report(analysis, BACKEND)}, 200
    except (NotFoundException, NoObject):
        return {"analysis_id": analysis, "error": "no such analysis"}, 404
