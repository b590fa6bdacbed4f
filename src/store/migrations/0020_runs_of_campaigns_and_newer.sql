DROP INDEX "runs_by_created_at";--> statement-breakpoint
DROP INDEX "runs_open";--> statement-breakpoint
CREATE INDEX "runs_open_of_campaign" ON "runs" USING btree ("campaign","status","app_id","open_id","created_at","run_key","closes_at") WHERE "runs"."status" <> 'ended';--> statement-breakpoint
CREATE INDEX "runs_by_created_at" ON "runs" USING btree ("created_at","run_key","app_id","open_id");--> statement-breakpoint
CREATE INDEX "runs_open" ON "runs" USING btree ("created_at","run_key","closes_at") WHERE "runs"."status" <> 'ended';