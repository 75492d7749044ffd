"""A process that only waits: there is nothing to sample.

Answer: {"cpu": seconds used after READY}.
"""
import signal

import common


def main():
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    common.ready()
    begin = common.clock()
    signal.sigwait(stops)
    common.report(cpu=common.clock() - begin)


if __name__ == "__main__":
    main()
