"""A line in the log for each answer with its time, for the services whose own servers write none."""
import time


def logged(application):
    """A WSGI application that prints "METHOD PATH", status and seconds, until the answer's first byte."""
    def log(environ, start_response):
        began = time.monotonic()
        seen = ['-']

        def start(status, *rest):
            seen[0] = status.split(' ', 1)[0]
            return start_response(status, *rest)
        answer = application(environ, start)
        # Of the path alone: a query may hold a signature.
        print('"%s %s" status: %s time: %.4f' % (
            environ['REQUEST_METHOD'], environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', ''), seen[0],
            time.monotonic() - began), flush=True)
        return answer
    return log
