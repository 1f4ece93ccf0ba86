"""How many patients a simulation lives through in a second of the clock, on one core and on all."""

import time

from worker.simulation.parameters import Parameters
from worker.simulation.processes import all_cores
from worker.simulation.run import simulate

PATIENTS = 40


def patients_per_second(processes: int = all_cores()) -> float:
    """The default caseload, the start of the processes included."""
    begun = time.perf_counter()
    simulate(Parameters(), patients=PATIENTS, seed=1, processes=processes)
    return PATIENTS / (time.perf_counter() - begun)
