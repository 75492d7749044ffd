"""Imports `threading` only when it is told to."""
sys.modules.pop('threading', None)  # some distributions' site imports it
print('ready', flush=True)
sys.stdin.readline()
import threading
threading.current_thread().name = 'late'
print('imported', flush=True)
sys.stdin.read()
