"""The server of the services that bring none, with a line in the log for each answer and its time."""
import time

import lab


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


def say_that_it_closes():
    """Makes waitress announce that it closes a connection, as it does after a HEAD: a client's next request on it would be lost."""
    from waitress.task import WSGITask
    build = WSGITask.build_response_header

    def announced(self):
        if self.close_on_finish:
            self.response_headers.append(('Connection', 'close'))
        return build(self)
    WSGITask.build_response_header = announced


def serve(application, project, threads):
    import waitress
    say_that_it_closes()
    # A hundred by default, idle ones included: clients that keep theirs open would shut out all others.
    waitress.serve(logged(application), host=lab.HOST, port=lab.PORTS[project], threads=threads, connection_limit=1000,
                   asyncore_use_poll=True, ident='orrery', clear_untrusted_proxy_headers=True)
