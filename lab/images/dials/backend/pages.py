"""A page in place of DIALS' own: a workspace's newest histograms, each drawn from its row of the database."""

from html import escape

from django.db import connections
from django.http import Http404, HttpResponse, JsonResponse

from sign_on import signed_on, workspace_of

NEWEST = """SELECT h.run_number, h.ls_number, h.me, h.x_min, h.x_max, h.entries, h.data, f.logical_file_name
    FROM fact_th1 h JOIN fact_file_index f USING (file_id) ORDER BY h.run_number DESC, h.me LIMIT 4"""
WIDTH, HEIGHT = 460, 180
STYLE = """body { font: 14px sans-serif; margin: 1.5em } .note { background: #fe9; padding: .5em }
    figure { display: inline-block; margin: 1em 2em 0 0 } rect { fill: #37a } figcaption { max-width: 460px; overflow-wrap: anywhere }"""


def drawing(data: list, low: float, high: float) -> str:
    """Bars as SVG, with both ends of the axis."""
    width, top = WIDTH / max(len(data), 1), max([*data, 1])
    bars = "".join(
        f'<rect x="{at * width:.1f}" y="{HEIGHT * (1 - value / top):.1f}" width="{width - 1:.1f}" height="{HEIGHT * value / top:.1f}"/>'
        for at, value in enumerate(data)
    )
    ends = f'<text y="{HEIGHT + 16}">{low:g}</text><text x="{WIDTH}" y="{HEIGHT + 16}" text-anchor="end">{high:g}</text>'
    return f'<svg width="{WIDTH}" height="{HEIGHT + 20}">{bars}{ends}</svg>'


def figures(workspace: str) -> str:
    """Read by the connection of the workspace's own database."""
    with connections[workspace].cursor() as cursor:
        cursor.execute(NEWEST)
        rows = cursor.fetchall()
    drawn = "".join(
        f"<figure>{drawing(data, low, high)}<figcaption><b>{escape(me)}</b><br>run {run}, lumisection {ls}, {entries:g} entries<br>"
        f"{escape(name)}</figcaption></figure>"
        for run, ls, me, low, high, entries, data, name in rows
    )
    return drawn or "<p>no histograms yet</p>"


def workspace_page(request, workspace: str) -> HttpResponse:
    from django.conf import settings

    if workspace not in settings.WORKSPACES:
        raise Http404(workspace)
    return HttpResponse(
        f"<!doctype html><title>{escape(workspace)}</title><style>{STYLE}</style><h1>Workspace {escape(workspace)}</h1>"
        "<p class=note>A stand-in for DIALS' backend: this page is not DIALS' own; the server and the data's way to it are real.</p>"
        f"{figures(workspace)}"
    )


def histograms(request) -> JsonResponse:
    """What the frontend's page shows: only to those who signed on, and of their roles' workspace only."""
    claims, reason = signed_on(request)
    if claims is None:
        return JsonResponse({"detail": reason}, status=401)
    workspace = workspace_of(claims)
    return JsonResponse(
        {"user": claims.get("preferred_username"), "workspace": workspace, "figures": figures(workspace)}
    )
