CREATE TABLE "bulk_job_runs" (
	"job_id" text NOT NULL,
	"run_key" text NOT NULL,
	CONSTRAINT "bulk_job_runs_job_id_run_key_pk" PRIMARY KEY("job_id","run_key")
);
--> statement-breakpoint
CREATE TABLE "bulk_jobs" (
	"id" text PRIMARY KEY NOT NULL,
	"action" text NOT NULL,
	"selection" jsonb NOT NULL,
	"reason" text,
	"state" text NOT NULL,
	"total" integer NOT NULL,
	"done" integer DEFAULT 0 NOT NULL,
	"ended" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" bigint NOT NULL,
	"ended_at" bigint,
	"lease_owner_id" text,
	"lease_expires_at" bigint
);
--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "closes_at" bigint;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "reasons" jsonb;--> statement-breakpoint
CREATE INDEX "bulk_job_runs_by_run" ON "bulk_job_runs" USING btree ("run_key");--> statement-breakpoint
CREATE INDEX "bulk_jobs_running" ON "bulk_jobs" USING btree ("created_at") WHERE "bulk_jobs"."state" = 'running';--> statement-breakpoint
CREATE INDEX "followers_by_tag" ON "followers" USING gin (("attributes"->'tags'));--> statement-breakpoint
CREATE INDEX "runs_open" ON "runs" USING btree ("created_at","run_key") WHERE "runs"."status" <> 'ended';--> statement-breakpoint
CREATE INDEX "runs_closing" ON "runs" USING btree ("closes_at") WHERE "runs"."status" <> 'ended';--> statement-breakpoint
CREATE INDEX "runs_by_outcome" ON "runs" USING btree ("outcome","created_at","run_key") WHERE "runs"."status" = 'ended';--> statement-breakpoint
CREATE INDEX "runs_by_account" ON "runs" USING btree ("app_id","created_at","run_key");--> statement-breakpoint
CREATE INDEX "runs_by_version" ON "runs" USING btree ("campaign","version","created_at","run_key");--> statement-breakpoint
CREATE INDEX "runs_by_reason" ON "runs" USING gin ("reasons");--> statement-breakpoint
CREATE INDEX "runs_by_open_id" ON "runs" USING btree ("open_id" text_pattern_ops);--> statement-breakpoint
CREATE INDEX "runs_by_qr_scene" ON "runs" USING btree (("entry"->>'qrScene'),"created_at") WHERE "runs"."entry"->>'qrScene' IS NOT NULL;--> statement-breakpoint
CREATE INDEX "runs_by_scene_pattern" ON "runs" USING btree ("scene_pattern","created_at") WHERE "runs"."scene_pattern" IS NOT NULL;--> statement-breakpoint
UPDATE "runs" SET "closes_at" = ("state"->>'closesAt')::bigint WHERE "status" <> 'ended';
