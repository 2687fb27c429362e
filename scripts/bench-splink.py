"""Ours and Splink on the files of `dancu synth --corrupt`; see scripts/bench-splink."""

import json
import resource
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pandas as pd

files, dancu = Path(sys.argv[1]), sys.argv[2]
truth = pd.read_csv(files / "truth.csv", dtype=str)


def told(name, links, seconds, memory_kib):
    """Precision over links; recall over persons of the register of whom one row is linked."""
    right = links.merge(truth, on=["register", "agency"])
    precision, recall = len(right) / max(len(links), 1), right.register.nunique() / truth.register.nunique()
    print(json.dumps({"name": name, "seconds": round(seconds, 2), "memory_mib": round(memory_kib / 1024),
                      "precision": round(precision, 6), "recall": round(recall, 5),
                      "f1": round(2 * precision * recall / (precision + recall), 6)}), flush=True)


def ours():
    begun = time.monotonic()
    subprocess.run([dancu, "match", files / "agency.csv", files / "register.csv", "--out", files / "out", "--quiet"], check=True)
    seconds = time.monotonic() - begun
    links = pd.read_csv(files / "out/links.csv", dtype=str).rename(columns={"left": "agency", "right": "register"})
    told("dancu match", links, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def plain(text):
    """Lower case without marks, so that Splink compares what ours compares."""
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d").replace("Đ", "d"))
    return " ".join("".join(sign for sign in bare if not unicodedata.combining(sign)).split())


def prepared(frame, names):
    frame = frame.rename(columns=names)
    number = frame.number.str.replace(r"\D", "", regex=True)
    frame["number"] = number.where(number.str.len().isin([10, 11, 12])).str.zfill(12)
    words = frame.full_name.map(plain, na_action="ignore").str.split()
    frame["surname"], frame["given_name"] = words.str[0], words.str[-1]
    frame["middle_name"] = words.str[1:-1].str.join(" ")
    day = pd.to_datetime(frame.birth_date, format="mixed", dayfirst=True, errors="coerce")
    frame["birth_date"] = day.dt.strftime("%Y-%m-%d")
    frame["phone"] = frame.phone.str.replace(r"\D", "", regex=True).str.replace(r"^84", "", regex=True).str.lstrip("0")
    frame["address"] = frame.address.map(plain, na_action="ignore")
    kept = ["unique_id", "number", "surname", "middle_name", "given_name", "birth_date", "phone", "address"]
    return frame[kept].replace({"": None}).astype(object).where(lambda frame: frame.notna(), None)


def splink():
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    begun = time.monotonic()
    left = prepared(pd.read_csv(files / "agency.csv", dtype=str), {
        "ma": "unique_id", "so_giay_to": "number", "ho_ten": "full_name", "ngay_sinh": "birth_date", "sdt": "phone", "dia_chi": "address"})
    right = prepared(pd.read_csv(files / "register.csv", dtype=str), {"id": "unique_id"})
    rules = [block_on("number"), block_on("given_name", "birth_date"), block_on("phone"),
             block_on("surname", "given_name", "middle_name", "substr(birth_date, 1, 4)")]
    settings = SettingsCreator(
        link_type="link_only", blocking_rules_to_generate_predictions=rules,
        comparisons=[
            cl.LevenshteinAtThresholds("number", [1]), cl.ExactMatch("phone"),
            cl.JaroWinklerAtThresholds("surname", [0.9]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("given_name", [0.9]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("middle_name", [1]), cl.LevenshteinAtThresholds("birth_date", [1, 2]),
            cl.LevenshteinAtThresholds("address", [2]),
        ])
    api = DuckDBAPI()
    tables = [api.register(left, dataset_display_name="agency"), api.register(right, dataset_display_name="register")]
    linker = Linker(tables, settings)
    linker.training.estimate_probability_two_random_records_match([block_on("number")], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("number"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("given_name", "birth_date"))
    pairs = linker.inference.predict(threshold_match_probability=0.5).as_pandas_dataframe()
    pairs = pairs.sort_values("match_weight", ascending=False)
    pairs = pairs.drop_duplicates("unique_id_l").drop_duplicates("unique_id_r")
    is_turned = pairs.unique_id_l.str.startswith("R")
    links = pd.DataFrame({"agency": pairs.unique_id_l.where(~is_turned, pairs.unique_id_r),
                          "register": pairs.unique_id_r.where(~is_turned, pairs.unique_id_l)})
    told("Splink 5", links, time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


ours()
splink()
