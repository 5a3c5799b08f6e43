"""What every process of the ETL reads when it starts, used or not: as the real module does."""

import json

from decouple import Choices, Csv, config

config("ENV", cast=Choices(["dev", "prod"]))
RAW_LAYERS = config("RAW_LAYERS", cast=Csv())
DATABASE_URI = config("DATABASE_URI")
for name in ["MODEL_REGISTRY_PATH", "CERT_FPATH", "KEY_FPATH"]:
    config(name)

with open(config("ETL_CONFIG_FPATH")) as file:
    etl = json.load(file)

for name in ["th2_chunk_size", "th1_types", "th2_types"]:
    etl[name]
CHUNK = etl["common_chunk_size"]
PRIORITY_ERA = etl["priority_era"]
INDEXER = etl["common_indexer_queue"]
WORKSPACES = etl["workspaces"]
DATASETS = list(
    {
        (one["dbs_pattern"], one["dbs_instance"]): one
        for workspace in WORKSPACES
        for one in workspace["primary_datasets"]
    }.values()
)
