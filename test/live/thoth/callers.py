"""Calls thoth-common as the station's programs call it, then does with what they ask for what the workload operator does."""
import json
import os
import sys

from openshift.dynamic.exceptions import ResourceNotFoundError
from thoth.common import OpenShift

folder = sys.argv[1]
# As in a pod, but for the paths of the account's files.
account = {
    "token": "token", "token_file": os.path.join(folder, "token"), "cert_file": os.path.join(folder, "ca.crt")
}
openshift = OpenShift(**account)
# Watched namespace -> its workload operator, by that one's own variables.
with open(os.path.join(folder, "operators.json")) as operators_file:
    operators = {
        variables["THOTH_OPERATOR_NAMESPACE"]: OpenShift(
            frontend_namespace=variables["THOTH_FRONTEND_NAMESPACE"],
            middletier_namespace=variables["THOTH_MIDDLETIER_NAMESPACE"],
            backend_namespace=variables["THOTH_BACKEND_NAMESPACE"],
            infra_namespace=variables["THOTH_INFRA_NAMESPACE"],
            amun_infra_namespace=variables["THOTH_AMUN_INFRA_NAMESPACE"],
            amun_inspection_namespace=variables["THOTH_AMUN_INSPECTION_NAMESPACE"],
            **account
        )
        for variables in json.load(operators_file)
    }
result_api = "http://result-api/api/v1/"
middletier = openshift.middletier_namespace
backend = openshift.backend_namespace
inspections = openshift.amun_inspection_namespace
build = {
    "AMUN_INSPECTION_ID": "inspection-1",
    "AMUN_GENERATED_DOCKERFILE": 'FROM fedora:28\nRUN echo -e "x"\n',
    "AMUN_SPECIFICATION": json.dumps({"base": "fedora:28"}),
    "AMUN_CPU": "500m",
    "AMUN_MEMORY": "256Mi",
}
hardware = {"CPU_FAMILY": "6", "CPU_MODEL": "94", "PHYSICAL_CPUS": "32", "PROCESSOR": "0"}
stack = {"requirements": '[packages]\nflask = "*"\n', "requirements_lock": "{}\n"}

# Name -> namespace, and what schedules it there; it returns the names of the ConfigMaps that ask for it.
asked = {
    "solvers": (middletier, lambda: openshift.schedule_all_solvers(
        packages="flask==1.0", output=result_api + "solver-result", indexes=["https://index.example.org/simple"],
        subgraph_check_api=result_api + "subgraph-check")),
    "solvers without a check": (middletier, lambda: openshift.schedule_all_solvers(
        packages="six==1.12", output=result_api + "solver-result", transitive=False)),
    "package-extract": (middletier, lambda: openshift.schedule_package_extract(
        "registry.example.org/a:1", result_api + "analysis-result", environment_type="runtime",
        registry_user="user", registry_password="password", verify_tls=False)),
    "package-extract of a public image": (middletier, lambda: openshift.schedule_package_extract(
        "fedora:28", result_api + "analysis-result", environment_type="buildtime")),
    "package-analyzer": (middletier, lambda: openshift.schedule_package_analyzer(
        "flask", "1.0", "https://index.example.org/simple", output=result_api + "package-analysis-result")),
    "dependency-monkey": (middletier, lambda: openshift.schedule_dependency_monkey(
        stack["requirements"], {"base": "fedora:28"}, stack_output="http://amun.example.org/api/v1",
        report_output=result_api + "dependency-monkey-report", decision="all", seed=1, count=2)),
    "dependency-monkey of all": (middletier, lambda: openshift.schedule_dependency_monkey(
        stack["requirements"], {}, report_output=result_api + "dependency-monkey-report")),
    "build-analyze": (middletier, lambda: openshift.schedule_build_analyze(
        "build-log-1", result_api + "buildlogs-analysis-result")),
    "build-dependencies": (middletier, lambda: openshift.schedule_build_dependencies(
        "build-log-1", result_api + "buildlogs-analysis-result")),
    "build-report": (middletier, lambda: openshift.schedule_build_report(
        "build-log-1", result_api + "buildlogs-analysis-result")),
    "adviser": (backend, lambda: openshift.schedule_adviser(
        dict(stack), result_api + "adviser-result", "stable", count=1, limit=100,
        runtime_environment={"python_version": "3.6"}, library_usage={"a": "b"})),
    "adviser with nothing but a stack": (backend, lambda: openshift.schedule_adviser(
        {"requirements": stack["requirements"]}, result_api + "adviser-result", "latest")),
    "provenance-checker": (backend, lambda: openshift.schedule_provenance_checker(
        dict(stack), result_api + "provenance-checker-result", whitelisted_sources=["https://index.example.org/simple"])),
    "kebechet": (backend, lambda: openshift.schedule_kebechet_run_url("https://github.com/a/b", "github")),
    "kebechet with results": (backend, lambda: openshift.schedule_kebechet_run_results(
        "https://github.com/a/b", "github", "adviser-1")),
    "all syncs": (middletier, lambda: openshift.schedule_graph_sync_multiple()),
    "all syncs of solvers": (middletier, lambda: openshift.schedule_graph_sync_multiple(only_solver_documents=True)),
    "inspection-build": (inspections, lambda: openshift.schedule_inspection_build(build, "inspection-1", False)),
    "inspection-build on a processor": (inspections, lambda: openshift.schedule_inspection_build(
        dict(build, AMUN_INSPECTION_ID="inspection-2", **hardware), "inspection-2", True)),
    "inspection-job": (inspections, lambda: openshift.schedule_inspection_job(
        "inspection-1", {"AMUN_INSPECTION_ID": "inspection-1"}, False, "500m", "256Mi")),
    "inspection-job on a processor": (inspections, lambda: openshift.schedule_inspection_job(
        "inspection-2", dict(hardware, AMUN_INSPECTION_ID="inspection-2"), True, "500m", "256Mi")),
}
# The scheduler's table, thoth-station/operator@852ad81 app.py:40-48.
syncs = (
    (middletier, ("solver", "package-extract", "package-analyzer", "dependency-monkey")),
    (backend, ("adviser", "provenance-checker")),
    (inspections, ("inspection",)),
)
for namespace, tasks in syncs:
    for task in tasks:
        asked["sync of " + task] = (namespace, lambda namespace=namespace, task=task: openshift.schedule_graph_sync(
            task + "-1", namespace, template_name="graph-sync-job-" + task))


def operate(name, namespace):
    """What thoth-station/workload-operator@1b04793 app.py does with a ConfigMap (172-208)."""
    operator = operators[namespace]
    data = operator.get_configmap(name, namespace).data
    template = getattr(operator, data.template_method_name)(**json.loads(data.template_method_parameters))
    if not operator.can_run_workload(template, namespace):
        raise RuntimeError("the quota never lets it run")
    return getattr(operator, data.run_method_name)(**json.loads(data.run_method_parameters), template=template)


def outcome(work):
    try:
        return {"made": work()}
    except Exception as exc:
        return {"error": "%s: %s" % (type(exc).__name__, exc)}


def run(namespace, schedule):
    names = schedule()
    return [operate(name, namespace) for name in (names if isinstance(names, list) else [names])]


def build_kind():
    try:
        return str(openshift.ocp_client.resources.get(api_version="v1", kind="Build"))
    except ResourceNotFoundError:
        return "not found"


print(json.dumps({
    "solvers": outcome(openshift.get_solver_names),
    "imagestream": outcome(lambda: openshift.create_inspection_imagestream("inspection-1")),
    "refresh": outcome(openshift.schedule_graph_refresh),
    "buildKind": build_kind(),
    "workloads": {name: dict(outcome(lambda: run(namespace, schedule)), namespace=namespace)
                  for name, (namespace, schedule) in asked.items()},
}))
