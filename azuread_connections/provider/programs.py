"""Names the program that sent a request, by the header ``User-Agent``.

Only names of this list are shown to people: the header is whatever the sender writes.
"""

from __future__ import annotations

_MAX_LENGTH = 500
#: What a browser's header contains, the particular before the common: Edge calls itself Chrome and
#: Safari, too.
_BROWSERS = {
    "edg/": "Microsoft Edge",
    "edga/": "Microsoft Edge",
    "edgios/": "Microsoft Edge",
    "opr/": "Opera",
    "samsungbrowser/": "Samsung Internet",
    "firefox/": "Firefox",
    "fxios/": "Firefox",
    "crios/": "Chrome",
    "chrome/": "Chrome",
    "safari/": "Safari",
}
#: What other programs' headers begin with.
_LIBRARIES = {
    "authlib": "Python",
    "axios": "Node.js",
    "curl": "curl",
    "dalvik": "Android",
    "dart": "Dart",
    "go-http-client": "Go",
    "guzzlehttp": "PHP",
    "java": "Java",
    "node": "Node.js",
    "okhttp": "Android",
    "python": "Python",
    "ruby": "Ruby",
    "undici": "Node.js",
    "wget": "Wget",
}


def program_of(user_agent: str) -> str:
    """Return the name of a browser or of a language's library; "" for an unknown program."""
    text = user_agent[:_MAX_LENGTH].lower()
    if not text.startswith("mozilla/"):
        return next((name for mark, name in _LIBRARIES.items() if text.startswith(mark)), "")
    if "powershell/" in text:
        return "PowerShell"
    return next((name for mark, name in _BROWSERS.items() if mark in text), "")
