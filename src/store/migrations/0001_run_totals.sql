CREATE TABLE "run_totals" (
	"campaign" text NOT NULL,
	"version" integer NOT NULL,
	"app_id" text NOT NULL,
	"outcome" text NOT NULL,
	"runs" bigint NOT NULL,
	CONSTRAINT "run_totals_campaign_version_app_id_outcome_pk" PRIMARY KEY("campaign","version","app_id","outcome")
);
--> statement-breakpoint
CREATE TABLE "step_totals" (
	"campaign" text NOT NULL,
	"version" integer NOT NULL,
	"app_id" text NOT NULL,
	"step_id" text NOT NULL,
	"state" text NOT NULL,
	"steps" bigint NOT NULL,
	CONSTRAINT "step_totals_campaign_version_app_id_step_id_state_pk" PRIMARY KEY("campaign","version","app_id","step_id","state")
);
--> statement-breakpoint
CREATE INDEX "runs_by_created_at" ON "runs" USING btree ("created_at");
--> statement-breakpoint
CREATE INDEX "runs_by_end" ON "runs" USING btree ("ended_at") WHERE "runs"."status" = 'ended';
--> statement-breakpoint
-- Last, because a drop locks out readers until the end of the transaction.
DROP INDEX "deliveries_by_account";
--> statement-breakpoint
DROP INDEX "runs_by_creation";
