"""Which servers are to compute tiles."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from nstgraph._tf import tf
from nstgraph.errors import ConfigError
from nstgraph.value_checks import number
from nstgraph.workers.address import PATIENCE, Address
from nstgraph.workers.worker import LOG, session_on

__all__ = ["Workers"]


class Workers:
    """TensorFlow servers, as ``nstgraph worker`` starts them, that compute the tiles of a picture.

        workers = nstgraph.Workers("10.0.0.2:2222", "10.0.0.3:2222")
        nstgraph.stylize("photo.jpg", "painting.jpg", size=4096, workers=workers).save("out.png")

    The result is that of tiles on this machine, to the rounding of float32. Weights and pictures are sent to them. A
    server has no password: let none be reached by strangers.

    Args:
        addresses: HOST:PORT of each; several may be in one text, separated by commas. There may be none.
        patience: seconds that an answer may take. A worker that takes longer, or has ended, is given up; the others
            have its tiles then or, if there is none, this machine.

    Attributes:
        addresses: of the servers.
        patience: see above.

    Raises:
        ConfigError: an address is none, or is there twice; or the patience is no number of seconds.
    """

    def __init__(self, *addresses: str, patience: float = PATIENCE) -> None:
        self.addresses = tuple(Address.read(part.strip()) for text in addresses for part in text.split(","))
        for address in self.addresses:
            if self.addresses.count(address) > 1:
                raise ConfigError(f"{address} is given twice; a server counts once, whatever its cores")
        if fault := number(1.0, 1e6, "SECONDS").fault(patience):
            raise ConfigError(f"the time that a worker may take {fault}")
        self.patience = patience

    def __len__(self) -> int:
        return len(self.addresses)

    def answering(self, note: Callable[[str], None] = LOG.warning) -> Workers:
        """Those that answer; ``note`` is told, in a line, of each that does not.

        Raises:
            ConfigError: there are some, and none answers.
        """
        if not self.addresses:
            return self
        with ThreadPoolExecutor(len(self)) as pool:
            there = dict(zip(self.addresses, pool.map(_answers, self.addresses), strict=True))
        if not any(there.values()):
            names = ", ".join(map(str, there))
            raise ConfigError(f"no worker answers at {names}; start one there: nstgraph worker --bind HOST:PORT")
        for address, answers in there.items():
            if not answers:
                note(f"worker {address} does not answer, and is left out")
        return Workers(*(str(address) for address, answers in there.items() if answers), patience=self.patience)


def _answers(address: Address) -> bool:
    if address.refuses():
        return False
    session = session_on(address, tf.Graph())
    try:
        session.list_devices()
        session.close()
    except tf.errors.OpError:
        return False
    return True
