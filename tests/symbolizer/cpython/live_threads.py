"""Threads whose names are read from outside. Commands on standard input; after each it prints
`ident name-in-hex` for every thread that `threading` knows, then `end`."""
import _thread
import threading

STOP = threading.Event()
STARTED = threading.Semaphore(0)
END = threading.Event()


def wait():
    STARTED.release()
    STOP.wait()


def foreign():
    threading.current_thread()
    wait()


def wait_for_end():
    STARTED.release()
    END.wait()


class Text(str):
    pass


class Heavy(threading.Thread):
    """More attributes than instances share keys for, some before the name is set."""

    def __init__(self, name):
        for i in range(40):
            setattr(self, 'attribute%d' % i, i)
        super().__init__(target=wait, name=name, daemon=True)


class Slotted(threading.Thread):
    __slots__ = ('one', 'two')


def start(thread):
    thread.daemon = True
    thread.start()
    STARTED.acquire()
    return thread


def show():
    for ident, thread in sorted(threading._active.items()):
        print('%d %s' % (ident, thread._name.encode('utf-8').hex() or '-'))
    print('end', flush=True)


renamed = start(threading.Thread(target=wait, name='before'))
start(threading.Thread(target=wait))
start(threading.Thread(target=wait, name='gr\xfc\xdfe'))
start(threading.Thread(target=wait, name='\u65e5\u672c-\U0001f40d'))
start(threading.Thread(target=wait, name='n' * 200))
start(Heavy('heavy'))
start(Slotted(target=wait, name='slotted'))
materialised = start(threading.Thread(target=wait, name='materialised'))
assert materialised.__dict__['_name'] == 'materialised'
changed = start(threading.Thread(target=wait, name='changed'))
changed.__dict__ = dict(changed.__dict__)
subclass = start(threading.Thread(target=wait))
subclass._name = Text('of a subclass')
empty = start(threading.Thread(target=wait))
empty._name = ''
timer = start(threading.Timer(0, wait))
_thread.start_new_thread(foreign, ())
STARTED.acquire()

show()
for command in sys.stdin:
    word = command.split()
    if word[0] == 'rename':
        renamed.name = 'after'
        threading.main_thread().name = 'principal'
    elif word[0] == 'spawn':
        for i in range(int(word[1])):
            start(threading.Thread(target=wait, name='worker %d' % i))
    elif word[0] == 'begin':
        ending = start(threading.Thread(target=wait_for_end, name='ending'))
    elif word[0] == 'end':
        END.set()
        ending.join()
    elif word[0] == 'flood':
        for i in range(70000):
            threading._active[i] = renamed
    elif word[0] == 'churn':
        print('churning', flush=True)
        for i in range(int(word[1])):
            thread = threading.Thread(target=int, name='short %d' % i)
            thread.start()
            thread.join()
        print('churned', flush=True)
    show()
