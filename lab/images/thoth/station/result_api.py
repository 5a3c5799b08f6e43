"""Takes the place of the station's result-api: what it does with an adviser's result. Kebechet, which some results start, is not played."""

from flask import Flask, request
from thoth.storages import AdvisersResultsStore
from thoth.storages.exceptions import SchemaError

print("stand-in for result-api: thoth-storages is real, the rest is not thoth-station's own", flush=True)

application = Flask(__name__)


def store() -> AdvisersResultsStore:
    one = AdvisersResultsStore()
    one.connect()
    return one


@application.after_request
def mark(response):
    response.headers["X-Result-Api"] = "stand-in"
    return response


@application.get("/readiness")
@application.get("/api/v1/subgraph-check")
def probe():
    return {"stand-in": "this is not thoth-station's own"}


@application.get("/liveness")
def liveness():
    store().ceph.check_connection()
    return {"store": "answers"}


@application.post("/api/v1/adviser-result")
def adviser_result():
    try:
        document = store().store_document(request.get_json())
    except SchemaError as error:
        return {"error": f"{error}: {error.__cause__}"}, 400
    print(f"stored {document}", flush=True)
    return {"document_id": document}, 201
