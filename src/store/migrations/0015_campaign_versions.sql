DROP INDEX "runs_by_campaign";--> statement-breakpoint
CREATE INDEX "runs_by_campaign" ON "runs" USING btree ("campaign","status","version");