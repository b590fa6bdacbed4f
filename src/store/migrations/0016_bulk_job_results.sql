CREATE TABLE "bulk_job_results" (
	"job_id" text NOT NULL,
	"run_key" text NOT NULL,
	"result" text NOT NULL,
	CONSTRAINT "bulk_job_results_job_id_result_run_key_pk" PRIMARY KEY("job_id","result","run_key")
);
--> statement-breakpoint
CREATE INDEX "bulk_job_results_by_run" ON "bulk_job_results" USING btree ("run_key");