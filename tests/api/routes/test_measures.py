"""What Prometheus reads."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families


def test_endpoints_and_jobs_are_measured(served: Any, deployable: Any) -> None:
    served.deploy(deployable(served.folder / "runs" / "measured"), model="measured")
    served.submit()
    client = served.client("viewer")
    for _ in range(3):
        client.post("/endpoints/measured/invocations", content=b"x")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = [one for family in text_string_to_metric_families(answer.text) for one in family.samples]

    def value(name: str, **labels: str) -> float:
        return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())

    where = {"project": "local", "model": "measured", "version": "v1"}
    assert value("boxwright_endpoint_requests_total", **where, status="200") == 3
    assert value("boxwright_endpoint_seconds_count", **where) == 3
    assert value("boxwright_endpoint_workers", **where) == 1
    assert value("boxwright_jobs", project="local", state="QUEUED") == 1


def test_measures_need_a_token(served: Any) -> None:
    answer = served.client().get("/metrics", headers={"Authorization": ""})
    assert answer.status_code == 401
