"""
A person with a browser: follows links, redirects and forms from the hub's login until the hub knows who it is; then out.
With NEXT="NAME PASSWORD" somebody else comes before that, whose browser has lost every session but the hub's.
"""

import html
import http.cookiejar
import json
import os
import re
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

host, name, password, *source = sys.argv[1:]
trusting = ssl.create_default_context()
trusting.check_hostname = False
trusting.verify_mode = ssl.CERT_NONE
cookies = http.cookiejar.CookieJar()
opener = urllib.request.build_opener(
    urllib.request.HTTPSHandler(context=trusting), urllib.request.HTTPCookieProcessor(cookies)
)


def get(url, form=None):
    body = None if form is None else urllib.parse.urlencode(form).encode()
    try:
        with opener.open(url, body, timeout=60) as answer:
            return answer.geturl(), answer.read().decode()
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.geturl()} answered {error.code}: {error.read().decode()[:3000]}")


def attribute(tag, key):
    found = re.search(rf'\b{key}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""


def form_of(url, page):
    form = re.search(r"<form\b[^>]*>.*?</form>", page, re.S)
    if form is None:
        return None, {}
    tags = re.findall(r"<(?:input|button)\b[^>]*>", form[0])
    fields = {attribute(tag, "name"): attribute(tag, "value") for tag in tags if attribute(tag, "name")}
    return urllib.parse.urljoin(url, attribute(form[0].split(">")[0], "action")), fields


def come(name, password):
    seen = []
    url, page = get(f"https://{host}/jupyter/hub/home")
    for _ in range(8):
        seen.append(urllib.parse.urlsplit(url).path)
        if url.startswith(f"https://{host}/jupyter/"):
            break
        target, fields = form_of(url, page)
        if "SAMLResponse" in fields:
            url, page = get(target, fields)
        elif "password" in fields:
            url, page = get(target, {**fields, "username": name, "password": password})
        elif any(key.startswith("src-") for key in fields):
            choices = [key for key in fields if key.startswith("src-")]
            choice = next(key for key in choices if not source or source[0] in fields[key])
            hidden = {key: value for key, value in fields.items() if not key.startswith("src-")}
            url, page = get(f"{target}?{urllib.parse.urlencode({**hidden, choice: fields[choice]})}")
        else:
            sys.exit(f"lost at {url}: {page[:3000]}")
    known = re.search(r'\buser: "([^"]*)"', page)
    return seen, known[1] if known else ""


seen, user = come(name, password)
if "NEXT" in os.environ:
    for cookie in [one for one in cookies if not one.name.startswith(("jupyterhub", "_xsrf"))]:
        cookies.clear(cookie.domain, cookie.path, cookie.name)
    time.sleep(2)
    seen, user = come(*os.environ["NEXT"].split())
left, page = get(f"https://{host}/jupyter/hub/logout")
back, page = get(f"https://{host}/jupyter/hub/home")
print(
    json.dumps(
        {
            "way": seen,
            "user": user,
            "left": urllib.parse.urlsplit(left).path,
            "asked again": "password" in form_of(back, page)[1] or "src-" in page,
        }
    )
)
