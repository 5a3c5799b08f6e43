#!/usr/bin/python3
"""dehydrated's hook: DNS-01 by Designate or by people, and new certificates go to the servers.

dehydrated calls it as `acme-hook deploy_challenge DOMAIN FILE TOKEN`, `clean_challenge ...`, `deploy_cert ...`; words that
it does not know are ignored. CALLYSTO_CERTIFICATE is the folder with hook.json, and with the secret of an
application credential where Designate is asked.
"""
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

folder = os.environ["CALLYSTO_CERTIFICATE"]
with open(f"{folder}/hook.json", encoding="utf-8") as file:
    settings = json.load(file)


def fail(words):
    sys.exit(f"acme-hook: {words}")


class Cloud:
    """The OpenStack project that has the zone."""

    def __init__(self, authUrl, applicationCredentialId, region):
        with open(f"{folder}/secret", encoding="utf-8") as held:
            secret = held.read().strip()
        credential = {"id": applicationCredentialId, "secret": secret}
        identity = {"methods": ["application_credential"], "application_credential": credential}
        self.token = ""
        headers, body = self.send("POST", f"{authUrl}/auth/tokens", {"auth": {"identity": identity}})
        self.token = headers["x-subject-token"]
        endpoints = [end for entry in body["token"]["catalog"] if entry["type"] == "dns" for end in entry["endpoints"]]
        own = [end["url"] for end in endpoints if end["interface"] == "public" and end["region"] == region]
        if not own:
            fail(f"the cloud has no DNS service in region {region}")
        self.dns = own[0].rstrip("/").removesuffix("/v2") + "/v2"

    def send(self, method, url, body=None):
        headers = {"x-auth-token": self.token, "content-type": "application/json", "accept": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return {key.lower(): value for key, value in answer.headers.items()}, json.loads(text) if text else {}
        except urllib.error.HTTPError as error:
            fail(f"{method} {url}: {error.code} {error.read().decode(errors='replace')[:200]}")
        except OSError as error:
            fail(f"{url} does not answer: {error}")

    def zone(self, name):
        labels = name.split(".")
        for start in range(len(labels) - 1):
            wanted = ".".join(labels[start:]) + "."
            _, found = self.send("GET", f"{self.dns}/zones?name={wanted}")
            if found["zones"]:
                return found["zones"][0]["id"]
        fail(f"this project has no zone for {name}")

    def record(self, zone, name):
        _, found = self.send("GET", f"{self.dns}/zones/{zone}/recordsets?name={name}.&type=TXT")
        return found["recordsets"][0] if found["recordsets"] else None


def designate(verb, domain, token):
    cloud = Cloud(**settings["designate"])
    name = f"_acme-challenge.{domain}"
    zone = cloud.zone(name)
    record = cloud.record(zone, name)
    if verb == "clean_challenge":
        if record is not None:
            cloud.send("DELETE", f"{cloud.dns}/zones/{zone}/recordsets/{record['id']}")
        return
    # Whatever an interrupted run left is of no use any more.
    if record is not None:
        _, record = cloud.send(
            "PUT", f"{cloud.dns}/zones/{zone}/recordsets/{record['id']}", {"ttl": 60, "records": [f'"{token}"']}
        )
    else:
        wanted = {"name": f"{name}.", "type": "TXT", "ttl": 60, "records": [f'"{token}"']}
        _, record = cloud.send("POST", f"{cloud.dns}/zones/{zone}/recordsets", wanted)
    until = time.monotonic() + 300
    while record["status"] != "ACTIVE":  # Designate's own servers have it then
        if time.monotonic() > until or record["status"] == "ERROR":
            fail(f"the cloud's name servers did not take {name} within 5 minutes: {record['status']}")
        time.sleep(2)
        _, record = cloud.send("GET", f"{cloud.dns}/zones/{zone}/recordsets/{record['id']}")


def mail(subject, text):
    subprocess.run(["mail", "-s", subject, settings["manual"]["recipient"]], input=text, text=True, check=True)


def dig(*words):
    return subprocess.run(["dig", "+short", "+time=5", *words], capture_output=True, text=True).stdout.split("\n")


def people(verb, domain, token):
    """Somebody is asked by mail to publish the token; every name server of the domain must show it."""
    name = f"_acme-challenge.{domain}"
    record = f'{name}. 60 IN TXT "{token}"'
    if verb == "clean_challenge":
        mail(f"{name} can be deleted", f"The certificate is made. This record can be deleted:\n\n{record}\n")
        return
    mail(f"Please publish {name}", f"The certificate of {domain} waits for this record:\n\n{record}\n")
    servers = [server for server in dig("NS", domain) if server]
    if not servers:
        fail(f"{domain} has no name servers that could be asked")
    until = time.monotonic() + settings["manual"]["hours"] * 3600
    while not all(f'"{token}"' in dig("TXT", name, f"@{server}") for server in servers):
        if time.monotonic() > until:
            fail(f"{name} was not published within {settings['manual']['hours']} hours; a later run asks again")
        time.sleep(30)


def push(key, chain):
    """Servers that cannot be reached now get the certificate on a later run."""
    missed = []
    for server in settings["servers"]:
        with open(key, encoding="utf-8") as one, open(chain, encoding="utf-8") as other:
            pem = one.read() + other.read()
        done = subprocess.run(
            ["ssh", "-F", "none", "-i", settings["pushKey"], *settings["sshOptions"], f"certificate@{server}"],
            input=pem,
            text=True,
            capture_output=True,
        )
        if done.returncode != 0:
            missed.append(f"{server}: {done.stderr.strip() or done.returncode}")
    if missed:
        fail("not pushed to " + "; ".join(missed))


def main(verb="", *words):
    if verb in ("deploy_challenge", "clean_challenge"):
        answer = designate if "designate" in settings else people
        for domain, token in zip(words[0::3], words[2::3]):
            answer(verb, domain, token)
    elif verb in ("deploy_cert", "unchanged_cert"):
        push(words[1], words[3])


main(*sys.argv[1:])
