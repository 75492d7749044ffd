"""The registry of what is checked: property name → functions of a Recording."""
import collections

registry = collections.defaultdict(list)


def property_of(name):
    """Decorator: the function is part of that property. It raises Failure or Skip."""
    def register(function):
        registry[name].append(function)
        return function

    return register
