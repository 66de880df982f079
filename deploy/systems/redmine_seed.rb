# Gives an empty Redmine an approval office: a tracker with its way of work, an applicant and an approver.
# usage: rails runner redmine_seed.rb KEYFILE
Setting.rest_api_enabled = '1'
# Without this a wrong key reads as the anonymous visitor: 200, and an empty list.
Setting.login_required = '1'
admin = User.find_by(login: 'admin')
admin.must_change_passwd = false
admin.password = admin.password_confirmation = 'tenon-Test1'
admin.save!
approver_role = Role.find_by(name: 'Manager')
applicant_role = Role.find_by(name: 'Developer')
submitted = IssueStatus.find_or_create_by!(name: 'Submitted')
approved = IssueStatus.find_or_create_by!(name: 'Approved') { |status| status.is_closed = true }
refused = IssueStatus.find_or_create_by!(name: 'Refused') { |status| status.is_closed = true }
withdrawn = IssueStatus.find_or_create_by!(name: 'Withdrawn') { |status| status.is_closed = true }
tracker = Tracker.find_by(name: 'Approval') || Tracker.create!(name: 'Approval', default_status: submitted)
if WorkflowTransition.where(tracker_id: tracker.id).empty?
  [[approver_role, approved], [approver_role, refused], [applicant_role, withdrawn]].each do |role, status|
    WorkflowTransition.create!(tracker: tracker, role: role, old_status: submitted, new_status: status)
  end
end
[['Request', 'string'], ['Kind', 'string'], ['Document', 'string'], ['Amount', 'string'], ['Applicant', 'string'], ['Asked at', 'string']].each do |name, format|
  IssueCustomField.find_by(name: name) ||
    IssueCustomField.create!(name: name, field_format: format, is_for_all: true, is_filter: true, trackers: [tracker])
end
project = Project.find_by(identifier: 'oa') ||
  Project.create!(name: 'OA', identifier: 'oa', trackers: [tracker], enabled_module_names: %w[issue_tracking])
key = lambda do |login, role|
  user = User.find_by(login: login) ||
    User.create!(login: login, firstname: login, lastname: 'X', mail: "#{login}@example.com", language: 'en',
                 password: 'tenon-Test1', password_confirmation: 'tenon-Test1')
  Member.create!(project: project, principal: user, roles: [role]) unless user.member_of?(project)
  user.api_key
end
fields = IssueCustomField.where(name: ['Request', 'Kind', 'Document', 'Amount', 'Applicant', 'Asked at']).to_h { |field| [field.name, field.id] }
lines = [
  "applicant #{key.call('applicant', applicant_role)}",
  "approver #{key.call('approver', approver_role)}",
  "tracker #{tracker.id}",
  "approved #{approved.id}", "refused #{refused.id}", "withdrawn #{withdrawn.id}", "submitted #{submitted.id}",
  *fields.map { |name, id| "field_#{name.downcase.tr(' ', '_')} #{id}" }
]
File.write(ARGV[0], lines.join("\n") + "\n")
