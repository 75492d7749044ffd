"""Many threads, of which each runs once and for a moment (3.7+): crowd.py THREADS"""
import sys
import threading
import time


def burn(cpu_seconds):
    begin = time.thread_time()
    while time.thread_time() - begin < cpu_seconds:
        for _ in range(1000):
            pass


def take_turn(turn, done):
    turn.acquire()
    burn(0.015)
    done.release()
    turn.acquire()


def main():
    done = threading.Semaphore(0)
    turns = []
    for number in range(int(sys.argv[1])):
        turns.append(threading.Semaphore(0))
        threading.Thread(target=take_turn, name="crowd-%d" % number, args=(turns[-1], done), daemon=True).start()
    print("READY", flush=True)
    for turn in turns:
        turn.release()
        done.acquire()
    time.sleep(1)  # a thread that has ended has no name


if __name__ == "__main__":
    main()
