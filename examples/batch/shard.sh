#!/bin/sh
# Observes one part of the samples: a task of a Slurm array, or number TASK of
# TASKS on any other engine. The arguments are those of `deno task calibrate`.
#SBATCH --job-name=octet-shards
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
set -eu
task=${TASK:-${SLURM_ARRAY_TASK_ID:?"TASK or SLURM_ARRAY_TASK_ID must tell which part, from 1"}}
tasks=${TASKS:-${SLURM_ARRAY_TASK_COUNT:?"TASKS or SLURM_ARRAY_TASK_COUNT must tell of how many"}}
exec deno task calibrate "$@" --shard "$task/$tasks" --statistics "part-$task.statistics"
