DROP INDEX "runs_by_follower";--> statement-breakpoint
CREATE INDEX "runs_by_follower" ON "runs" USING btree ("app_id","open_id","created_at","run_key");