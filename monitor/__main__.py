"""The `monitor` script, and `python -m monitor`: loads the command tree without garbage collection, and runs it."""

# Built in: while the file of `signal` is imported, Ctrl-C would show a traceback.
import _signal as signal  # type: ignore[import-not-found]
import gc


def main() -> None:
    """Run the command line."""
    # Until monitor handles it, Ctrl-C ends the process as it ends any program: without a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Objects made by imports stay: collecting between them took a fifth of the time to the first line of output.
    gc.disable()
    from monitor.main import main as run

    run()


if __name__ == "__main__":
    main()
